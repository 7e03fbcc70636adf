/**
 * What the simulated cloud offers: regions, instance types and public images.
 * The rule: data only; names and sizes as the service uses them.
 */

/** A region of the catalog; `zones` are the letters of its zones. */
export interface RegionData {
  readonly regionId: string;
  readonly names: Readonly<Record<'zh-CN' | 'en-US', string>>;
  readonly zones: readonly string[];
}

/** The regions every simulator knows. */
export const REGIONS: readonly RegionData[] = [
  region('cn-hangzhou', '华东1（杭州）', 'China (Hangzhou)', 'h i j k'),
  region('cn-shanghai', '华东2（上海）', 'China (Shanghai)', 'b g l'),
  region('cn-beijing', '华北2（北京）', 'China (Beijing)', 'h i k l'),
  region('cn-shenzhen', '华南1（深圳）', 'China (Shenzhen)', 'd e f'),
  region('cn-hongkong', '中国香港', 'China (Hong Kong)', 'b c d'),
  region('ap-southeast-1', '新加坡', 'Singapore', 'a b c'),
  region('ap-northeast-1', '日本（东京）', 'Japan (Tokyo)', 'a b c'),
  region('eu-central-1', '德国（法兰克福）', 'Germany (Frankfurt)', 'a b c'),
  region('us-west-1', '美国（硅谷）', 'US (Silicon Valley)', 'a b'),
  region('us-east-1', '美国（弗吉尼亚）', 'US (Virginia)', 'a b'),
];

function region(regionId: string, chinese: string, english: string, zones: string): RegionData {
  return { regionId, names: { 'zh-CN': chinese, 'en-US': english }, zones: zones.split(' ') };
}

/** A region made up by name, for a simulator that is asked for one the catalog lacks. */
export function madeUpRegion(regionId: string): RegionData {
  return region(regionId, regionId, regionId, 'a b c');
}

/** An instance type. Memory in GiB; `price` in the currency of the account per hour. */
export interface InstanceTypeData {
  readonly id: string;
  readonly family: string;
  readonly level: 'EnterpriseLevel' | 'EntryLevel';
  readonly cpu: number;
  readonly memory: number;
  readonly price: number;
  readonly localDisks: number;
  readonly localDiskSize: number;
  readonly localDiskCategory: string;
  readonly gpu: number;
  readonly gpuSpec: string;
  readonly arm: boolean;
}

// id cpu memory price [localDisks localDiskSize localDiskCategory | gpu gpuSpec | arm]
const TYPES = `
ecs.t6-c1m1.large 2 2 0.08
ecs.e-c1m2.large 2 4 0.15
ecs.u1-c1m2.large 2 4 0.19
ecs.c6.large 2 4 0.39
ecs.c7.large 2 4 0.41
ecs.c7.xlarge 4 8 0.82
ecs.c7.2xlarge 8 16 1.64
ecs.c8i.large 2 4 0.46
ecs.c8i.xlarge 4 8 0.92
ecs.c8y.large 2 4 0.32 arm
ecs.g6.large 2 8 0.5
ecs.g7.large 2 8 0.52
ecs.g7.xlarge 4 16 1.04
ecs.g7.2xlarge 8 32 2.08
ecs.g7.4xlarge 16 64 4.16
ecs.g8i.large 2 8 0.58
ecs.r7.large 2 16 0.67
ecs.r7.xlarge 4 32 1.34
ecs.i3.xlarge 4 32 1.92 1 959 local_ssd_pro
ecs.d2s.5xlarge 20 88 7.1 8 7838 local_hdd_pro
ecs.gn7i-c8g1.2xlarge 8 30 9.6 gpu 1 NVIDIA-A10
`;

/** The instance types, by id. */
export const INSTANCE_TYPES: ReadonlyMap<string, InstanceTypeData> = new Map(
  TYPES.trim()
    .split('\n')
    .map((line) => {
      const [id = '', cpu, memory, price, ...rest] = line.split(' ');
      const family = id
        .split('.')
        .slice(0, 2)
        .join('.')
        .replace(/-c\d+[mg]\d+$/, '');
      const gpu = rest[0] === 'gpu';
      const arm = rest[0] === 'arm';
      const local = rest.length > 0 && !gpu && !arm;
      const data: InstanceTypeData = {
        id,
        family,
        level: /^ecs\.(t|e|u)\d?/.test(id) ? 'EntryLevel' : 'EnterpriseLevel',
        cpu: Number(cpu),
        memory: Number(memory),
        price: Number(price),
        localDisks: local ? Number(rest[0]) : 0,
        localDiskSize: local ? Number(rest[1]) : 0,
        localDiskCategory: local ? (rest[2] ?? '') : '',
        gpu: gpu ? Number(rest[1]) : 0,
        gpuSpec: gpu ? (rest[2] ?? '').replace('-', ' ') : '',
        arm,
      };
      return [id, data];
    }),
);

/** An operating system image. */
export interface ImageData {
  readonly imageId: string;
  readonly family: string;
  readonly name: string;
  readonly nameEn: string;
  readonly osType: 'linux' | 'windows';
  readonly platform: string;
  readonly size: number;
  readonly architecture: 'x86_64' | 'arm64';
}

/** The public images, by id. The first is the default. */
export const PUBLIC_IMAGES: readonly ImageData[] = [
  image(
    'aliyun_3_x64_20G_alibase_20240528.vhd',
    'acs:alibaba_cloud_linux_3_2104_lts_x64',
    'Alibaba Cloud Linux  3.2104 LTS 64位',
    'Aliyun',
    20,
  ),
  image(
    'aliyun_3_arm64_20G_alibase_20240528.vhd',
    'acs:alibaba_cloud_linux_3_2104_lts_arm64',
    'Alibaba Cloud Linux  3.2104 LTS 64位 ARM版',
    'Aliyun',
    20,
  ),
  image(
    'ubuntu_22_04_x64_20G_alibase_20240530.vhd',
    'acs:ubuntu_22_04_x64',
    'Ubuntu  22.04 64位',
    'Ubuntu',
    20,
  ),
  image('debian_12_6_x64_20G_alibase_20240711.vhd', 'acs:debian_12_6_x64', 'Debian  12.6 64位', 'Debian', 20),
  image('centos_7_9_x64_20G_alibase_20240628.vhd', 'acs:centos_7_9_x64', 'CentOS  7.9 64位', 'CentOS', 20),
  image(
    'win2022_21H2_x64_dtc_en-us_40G_alibase_20240516.vhd',
    'acs:windows_2022_datacenter_en_us_x64',
    'Windows Server 2022 数据中心版 64位英文版',
    'Windows Server 2022',
    40,
  ),
];

function image(imageId: string, family: string, name: string, platform: string, size: number): ImageData {
  return {
    imageId,
    family,
    name,
    nameEn: name
      .replace('位英文版', '-bit (English)')
      .replace('数据中心版', 'Datacenter')
      .replace('位', ' bit')
      .replace('版', ''),
    osType: platform.startsWith('Windows') ? 'windows' : 'linux',
    platform,
    size,
    architecture: imageId.includes('arm64') ? 'arm64' : 'x86_64',
  };
}

/** Disk categories on sale. */
export const DISK_CATEGORIES = [
  'cloud_essd',
  'cloud_auto',
  'cloud_essd_entry',
  'cloud_efficiency',
  'cloud_ssd',
] as const;
